import { type Headers, isPath, MessagingError } from '@spanwire/driver'

/** KubeMQ's tags: a map, and the server mixes its order up. */
export type Tags = { [name: string]: string }

/** Tags of ours. Those of headers have the header's name, a repeated one with `;2` and so on behind. */
const PREFIX = 'spanwire-'
const PATH = 'spanwire-path'
const KEY = 'spanwire-key'
const ID = 'spanwire-id'
/** The names of all headers, in their order. */
const ORDER = 'spanwire-order'
/** KubeMQ refuses messages with neither body nor metadata. */
const EMPTY = 'spanwire-empty'
/** A header that other clients of KubeMQ find as metadata, and theirs we as a header. */
const METADATA = 'metadata'

const NAME = /^[!#$%&'*+.^_`|~0-9a-zA-Z-]+$/

/** What goes beside the headers. */
export interface Extra {
  readonly path?: string | undefined
  readonly key?: string | undefined
  readonly id?: string | undefined
}

const NONE: Tags = Object.freeze({})

/** Throws `invalid` where a name or a value cannot be a header. */
export function encodeTags(headers: Headers | undefined, { path, key, id }: Extra): Tags {
  if (!headers?.length && !path && key === undefined && id === undefined) return NONE
  const tags: Tags = Object.create(null)
  const order: string[] = []
  for (let at = 0; at < (headers?.length ?? 0); at += 2) {
    const name = headers?.[at] ?? ''
    const value = headers?.[at + 1] ?? ''
    if (!NAME.test(name) || name.startsWith(PREFIX) || /[\r\n]/.test(value)) {
      throw new MessagingError('invalid', 'A header of the message has a name or value that does not fit the wire.')
    }
    let tag = name
    for (let count = 2; tag in tags; count++) tag = `${name};${count}`
    tags[tag] = value
    order.push(tag)
  }
  if (order.length > 1) tags[ORDER] = order.join()
  if (path) tags[PATH] = path
  if (key !== undefined) tags[KEY] = key
  if (id !== undefined) tags[ID] = id
  return tags
}

/** For KubeMQ's field of that name. */
export function metadataOf({ metadata }: Tags, bodyLength: number): string {
  return metadata || (bodyLength === 0 ? EMPTY : '')
}

/** Tags and metadata of any client as headers, names in lower case. */
export function decodeHeaders(tags: Tags, metadata: string): Headers {
  const headers: string[] = []
  const left = new Set(Object.keys(tags).filter((name) => !name.startsWith(PREFIX)))
  if (metadata !== '' && metadata !== EMPTY && !left.has(METADATA)) headers.push(METADATA, oneLine(metadata))
  const add = (name: string): void => {
    if (left.delete(name)) headers.push(name.replace(/;\d+$/, '').toLowerCase(), oneLine(tags[name] ?? ''))
  }
  for (const name of tags[ORDER]?.split(',') ?? []) add(name)
  for (const name of [...left]) add(name)
  return headers
}

/** Of a message that another client sent the empty one, or what fits. */
export function pathIn(tags: Tags, params: number): string {
  const path = tags[PATH] ?? ''
  return isPath(path, params) ? path : ''
}

const OURS = /^[\x21-\x7e]+\.\d+\.\d+$/

/** The sender's message id; `undefined` where the engine or another client made one up. */
export function idIn(engineId: string, tags: Tags): string | undefined {
  return tags[ID] ?? (OURS.test(engineId) ? engineId : undefined)
}

function oneLine(value: string): string {
  return value.replace(/[\r\n]+/g, ' ')
}
