export { checkedWebsocket } from './checked.js'
export {
  type SocketConstructor,
  type SocketEvent,
  type SocketLike,
  type WebSocketOptions,
  websocket,
} from './driver.js'
