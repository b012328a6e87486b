/** What this driver is called, in configuration files and in what a link says of its engine. */
export const NAME = 'kubemq'
