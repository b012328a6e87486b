export { kubemq } from './driver.js'
export { NAME } from './name.js'
export type { KubemqOptions } from './options.js'
