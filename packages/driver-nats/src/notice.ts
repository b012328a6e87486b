import type { Msg } from '@nats-io/transport-node'
import type { MessagingError } from '@spanwire/driver'
import { channelError } from '@spanwire/driver/kit'
import { headText, statusOf } from './headers.js'

/** What the server says of a pull request or its consumer. */
export type Notice =
  | { readonly at: 'beat' }
  /** Nobody takes requests: the consumer's node died, or it is so new that our node does not know it yet. */
  | { readonly at: 'nobody' }
  /** The consumer was deleted. */
  | { readonly at: 'gone' }
  | { readonly at: 'refused'; readonly error: MessagingError }
  /** A request ends before it got all that it asked for. `left`: so many will not come; absent: none of what is open. */
  | { readonly at: 'over'; readonly left: number | undefined; readonly isTooBig: boolean }

const BEAT: Notice = { at: 'beat' }
const NOBODY: Notice = { at: 'nobody' }
const GONE: Notice = { at: 'gone' }

/** Reads what came to a pull inbox and is no message of the stream: a status, or the answer to a question for the consumer. */
export function noticeOf(msg: Msg): Notice {
  const head = headText(msg)
  const status = statusOf(head)
  if (status === 503) return NOBODY
  if (/consumer deleted/i.test(head) || isRefusal(msg)) return GONE
  if (status === 400)
    return { at: 'refused', error: channelError('invalid', `NATS refuses to be pulled from: ${head}`) }
  if (status === 100 || status === 0) return BEAT
  const left = /Nats-Pending-Messages: *(\d+)/i.exec(head)?.[1]
  return {
    at: 'over',
    left: left === undefined ? undefined : Number(left),
    isTooBig: /message size exceeds/i.test(head),
  }
}

function isRefusal(msg: Msg): boolean {
  return msg.data.length > 0 && 'error' in JSON.parse(new TextDecoder().decode(msg.data))
}
