/** What the reply subject of a JetStream message tells about it. */
export interface AckInfo {
  readonly delivered: number
  readonly streamSeq: number
  readonly consumerSeq: number
  readonly timeMs: number
  /** How many more the consumer has for us. */
  readonly pending: number
}

/** `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>`, of late with domain and account before the stream and more behind. */
export function ackInfo(reply: string): AckInfo {
  const parts = reply.split('.')
  const at = parts.length > 9 ? 6 : 4
  return {
    delivered: Number(parts[at]),
    streamSeq: Number(parts[at + 1]),
    consumerSeq: Number(parts[at + 2]),
    timeMs: Number(parts[at + 3]?.slice(0, -6)),
    pending: Number(parts[at + 4]),
  }
}
