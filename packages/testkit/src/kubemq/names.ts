import { SAYS } from './texts.js'

/** Where the broker inside keeps things; what is too long for a file's name depends on it. */
export const PREFIX = { store: '_EVENTS_STORE_.', queue: '_QUEUES_.' } as const

const MAX_FILE_NAME = 255

/** What the broker inside stumbles over in a name that KubeMQ let pass (3.4). `line`: LF; CR LF counts as one. */
export type Trouble = 'none' | 'empty token' | 'slash' | 'colon' | 'nul' | 'long' | 'tab' | 'return' | 'line'

export function troubleWith(channel: string, prefix: string): Trouble {
  if (channel.includes('\n')) return 'line'
  if (channel.includes('\r')) return 'return'
  if (channel.includes('\t')) return 'tab'
  if (channel.split('.').includes('')) return 'empty token'
  if (channel.includes('\0')) return 'nul'
  if (channel.includes('/')) return 'slash'
  if (Buffer.byteLength(prefix + channel) > MAX_FILE_NAME) return 'long'
  return channel.includes(':') ? 'colon' : 'none'
}

/** The words of an operating system that cannot make the folder; they show the server's path (3.4). */
export function folderError(trouble: 'nul' | 'long', host: string, subject: string): string {
  return `mkdir store/${host}/${subject}: ${trouble === 'nul' ? 'invalid argument' : 'file name too long'}`
}

export type Wildcards = 'allowed' | 'refused'

/** What KubeMQ says of a channel of events or requests (102, 107, 108, 119); undefined: nothing. */
export function channelError(channel: string, wildcards: Wildcards): string | undefined {
  if (channel === '') return SAYS.channel
  if (channel.endsWith('.')) return SAYS.endsWithDot
  if (channel.includes(' ')) return SAYS.whiteSpace
  return wildcards === 'refused' && /[*>]/.test(channel) ? SAYS.wildcards : undefined
}

/** The same rules for a queue, under one number (120). */
export function queueNameError(channel: string): string | undefined {
  return channelError(channel, 'refused') === undefined ? undefined : SAYS.queueName
}
