import type { Msg } from '@nats-io/transport-node'
import { describe, expect, it } from 'vitest'
import { type Notice, noticeOf } from './notice.js'

/** A message as nats.js has read it: its headers lie right before its payload. */
function msg(head: string, body = ''): Msg {
  const bytes = Buffer.from(`${head}${body}`)
  const subject = '_INBOX.a'
  const data = bytes.subarray(Buffer.byteLength(head))
  return { subject, data, size: () => subject.length + bytes.length } as unknown as Msg
}

const status = (words: string, ...lines: string[]): Msg => msg(`NATS/1.0 ${[words, ...lines].join('\r\n')}\r\n\r\n`)

describe('what a server says of a pull request', () => {
  it.each<[string, Msg, Notice['at']]>([
    ['an idle heartbeat', status('100 Idle Heartbeat', 'Nats-Last-Consumer: 10'), 'beat'],
    ['what the consumer says of itself', msg('', '{"name":"workers","num_pending":0}'), 'beat'],
    ['that nobody listens', status('503'), 'nobody'],
    ['that the consumer was deleted', status('409 Consumer Deleted'), 'gone'],
    ['that there is none', msg('', '{"error":{"code":404,"err_code":10014}}'), 'gone'],
    ['that it does not understand', status('400 Bad Request'), 'refused'],
  ])('%s', (_, heard, at) => {
    expect(noticeOf(heard).at).toBe(at)
  })

  it('that a request ends, and how many of it will not come', () => {
    const timeout = status('408 Request Timeout', 'Nats-Pending-Messages: 7', 'Nats-Pending-Bytes: 100')
    expect(noticeOf(timeout)).toEqual({ at: 'over', left: 7, isTooBig: false })
    const complete = status('409 Batch Completed', 'Nats-Pending-Messages: 0')
    expect(noticeOf(complete)).toEqual({ at: 'over', left: 0, isTooBig: false })
    expect(noticeOf(status('409 Leadership Change'))).toEqual({ at: 'over', left: undefined, isTooBig: false })
  })

  it('that the next message is above the bytes that were asked for', () => {
    const big = status('409 Message Size Exceeds MaxBytes', 'Nats-Pending-Messages: 3')
    expect(noticeOf(big)).toEqual({ at: 'over', left: 3, isTooBig: true })
  })
})
