export { type DoubleOptions, type KubemqDouble, startKubemqDouble } from './double.js'
export { CALM, type Quirks } from './quirks.js'
export type { Ending, Tls } from './run.js'
