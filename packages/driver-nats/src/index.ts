export { nats } from './driver.js'
export type { NatsOptions } from './options.js'
