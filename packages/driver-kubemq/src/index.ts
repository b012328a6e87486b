export { NAME } from './name.js'
