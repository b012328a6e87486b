import type { Writable } from 'node:stream'
import type { WebSocket } from 'ws'

/** Header of an unmasked, unfragmented frame followed by its payload: made once, written to many. A text is a text frame. */
export function prepare(payload: Buffer | string): Buffer {
  const length = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(header + length)
  frame[0] = typeof payload === 'string' ? 0x81 : 0x82
  if (header === 2) frame[1] = length
  else if (header === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeUIntBE(0, 2, 2)
    frame.writeUIntBE(length, 4, 6)
  }
  if (typeof payload === 'string') frame.write(payload, header)
  else payload.copy(frame, header)
  return frame
}

/**
 * Writes prepared frames in one call. `ws` has no public way to do so: this is the only place that knows its socket,
 * and it goes the public way, frame by frame, where there is none. Order with `send` and `close` holds, for without
 * compression `ws` writes at once.
 */
export function writePrepared(socket: WebSocket, frames: readonly Buffer[]): void {
  const raw = (socket as unknown as { readonly _socket?: Writable | null })._socket
  if (socket.readyState !== socket.OPEN) return
  if (!raw || typeof raw.write !== 'function') {
    for (const frame of frames) socket.send(payloadOf(frame), { binary: frame[0] === 0x82 })
    return
  }
  const [only] = frames
  if (only && frames.length === 1) raw.write(only)
  else if (lengthOf(frames) <= COPY_BYTES) raw.write(Buffer.concat(frames))
  else {
    raw.cork()
    for (const frame of frames) raw.write(frame)
    raw.uncork()
  }
}

/** Below this, copying several frames into one is cheaper than handing them on one by one. */
const COPY_BYTES = 8_192

function lengthOf(frames: readonly Buffer[]): number {
  let length = 0
  for (const frame of frames) length += frame.length
  return length
}

/** The reverse of {@link prepare}. */
function payloadOf(frame: Buffer): Buffer {
  const length = frame[1] ?? 0
  return frame.subarray(length < 126 ? 2 : length === 126 ? 4 : 10)
}
