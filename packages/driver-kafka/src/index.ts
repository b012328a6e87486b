export { partitionOf } from './partition.js'
