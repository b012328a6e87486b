export { type SocketConstructor, type SocketLike, type WebSocketOptions, websocket } from './driver.js'
