/** The service that KubeMQ's protocol names, lower case on the wire. */
export const KUBEMQ_SERVICE = 'kubemq.kubemq'
