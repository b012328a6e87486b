export { KUBEMQ_SERVICE } from './service.js'
