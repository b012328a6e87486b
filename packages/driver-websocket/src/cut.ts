import type { SocketLike } from './driver.js'

/** Ends a socket now where that is possible, else as soon as the platform lets go. */
export function cut(socket: SocketLike): void {
  if (socket.terminate) socket.terminate()
  else socket.close()
}
