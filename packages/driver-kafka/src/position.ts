import { channelError } from './errors.js'

/** How far a reader has come: by partition the next offset; `undefined`: it says nothing of that one. */
export interface Position {
  readonly cluster: string
  readonly offsets: readonly (number | undefined)[]
  /** The record behind which it is, by which the log is known again. */
  readonly last?: Mark
}

export interface Mark {
  readonly partition: number
  readonly offset: number
  readonly timeMs: number
}

/** `cluster|7,,12|2@11@1795000000000`: partition 0 at 7, 1 unknown, 2 at 12 behind the record at 11 with that stamp. */
export function textOfPosition({ cluster, offsets, last }: Position): string {
  const mark = last ? `|${last.partition}@${last.offset}@${last.timeMs}` : ''
  return `${cluster}|${offsets.map((offset) => offset ?? '').join(',')}${mark}`
}

/** Throws `conflict` for the text of another maker or cluster. */
export function parsePosition(position: string, cluster: string): Position {
  const [, made, list, partition, offset, timeMs] = SHAPE.exec(position) ?? []
  if (made !== cluster || list === undefined) {
    const text = `The position ${position} is not of a log at this Kafka cluster, which is ${cluster}.`
    throw channelError('conflict', text, { retryable: false })
  }
  const offsets = list.split(',').map((one) => (one === '' ? undefined : Number(one)))
  if (partition === undefined) return { cluster, offsets }
  return { cluster, offsets, last: { partition: Number(partition), offset: Number(offset), timeMs: Number(timeMs) } }
}

const SHAPE = /^([^|]+)\|([\d,]*)(?:\|(\d+)@(\d+)@(\d+))?$/
