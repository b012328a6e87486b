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
export function writePrepared(socket: WebSocket, frames: Buffer | readonly Buffer[]): void {
  const raw = (socket as unknown as { readonly _socket?: Writable | null })._socket
  if (socket.readyState !== socket.OPEN) return
  if (!raw || typeof raw.write !== 'function') sendEach(socket, frames)
  else if (Buffer.isBuffer(frames)) raw.write(frames)
  else {
    raw.cork()
    for (const frame of frames) raw.write(frame)
    raw.uncork()
  }
}

function sendEach(socket: WebSocket, frames: Buffer | readonly Buffer[]): void {
  for (const frame of Buffer.isBuffer(frames) ? framesOf(frames) : frames.flatMap(framesOf))
    socket.send(frame.payload, { binary: frame.binary })
}

/** The reverse of {@link prepare}, of one frame or several behind each other. */
function framesOf(bytes: Buffer): { readonly payload: Buffer; readonly binary: boolean }[] {
  const frames: { payload: Buffer; binary: boolean }[] = []
  for (let at = 0; at < bytes.length; ) {
    const short = bytes[at + 1] ?? 0
    const header = short < 126 ? 2 : short === 126 ? 4 : 10
    const length = header === 2 ? short : header === 4 ? bytes.readUInt16BE(at + 2) : bytes.readUIntBE(at + 4, 6)
    frames.push({ payload: bytes.subarray(at + header, at + header + length), binary: bytes[at] === 0x82 })
    at += header + length
  }
  return frames
}
