import type { ConnectOptions, MessagingError } from '@spanwire/driver'
import { cut } from './cut.js'
import type { SocketConstructor, SocketEvent, SocketLike } from './driver.js'
import { canceled, closedWith, linkError } from './errors.js'
import { type Op, readFrame } from './frame.js'
import { GatewayLink, type Welcome } from './link.js'
import { tokenOf } from './token.js'

/** Dials, says hello, and resolves with the link once the gateway said welcome. Failed or aborted, the socket is gone. */
export async function greet(
  WebSocket: SocketConstructor,
  url: string,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<GatewayLink> {
  const token = await tokenOf(options, signal)
  return new Promise((resolve, reject) => {
    let socket: SocketLike
    try {
      socket = new WebSocket(url, 'spanwire.v1', tlsOf(options))
    } catch (cause) {
      return reject(linkError('invalid', `${url} cannot be dialed; check the endpoint.`, { cause }))
    }
    let trouble: SocketEvent = {}
    const fail = (error: MessagingError): void => {
      signal.removeEventListener('abort', onAbort)
      // The gateway may be silent: waiting for its goodbye would leave the socket open.
      cut(socket)
      reject(error)
    }
    const onAbort = (): void => fail(canceled(`Connecting to ${url}`))
    signal.addEventListener('abort', onAbort)
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('error', (event) => {
      trouble = event
    })
    socket.addEventListener('close', (event) => fail(refusal(url, event, trouble)))
    socket.addEventListener('open', () =>
      socket.send(JSON.stringify([['hello', 1, token, options.client, options.nonce, options.missing]])),
    )
    let link: GatewayLink | undefined
    socket.addEventListener('message', ({ data }) => {
      if (link) return
      const welcome = welcomeOf(data as string | ArrayBuffer)
      if (!welcome) return
      signal.removeEventListener('abort', onAbort)
      link = new GatewayLink(socket, url, options, welcome)
      resolve(link)
    })
    if (signal.aborted) onAbort()
  })
}

function tlsOf({ tls }: ConnectOptions): object | undefined {
  return tls && { ca: tls.ca, cert: tls.cert, key: tls.key, ...(tls.serverName && { servername: tls.serverName }) }
}

function welcomeOf(data: string | ArrayBuffer): Welcome | undefined {
  try {
    const [name, welcome] = readFrame(data).ops[0] as Op
    return name === 'welcome' ? (welcome as Welcome) : undefined
  } catch {
    return undefined
  }
}

function refusal(url: string, event: SocketEvent, trouble: SocketEvent): MessagingError {
  if (event.code && event.code !== 1006) return closedWith(url, event.code, event.reason)
  const why = trouble.message ?? ''
  const tls = /CERT|SSL|TLS|ALTNAME|self.signed|certificate/i.test(
    `${(trouble.error as { code?: string } | undefined)?.code} ${why}`,
  )
  return linkError('unavailable', `Could not connect to ${url}${why && `: ${why}`}.`, {
    retryable: !tls,
    cause: trouble.error,
  })
}
