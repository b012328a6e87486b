/**
 * Which kinds of publishing have stopped, for every client and until a restart, because one message had a control character
 * in its channel; a Ping is answered all the same (C7, 3.4).
 */
export class Poison {
  /** Plain events, commands, queries and answers go one way. */
  events: 'alive' | 'dead' = 'alive'
  /** `wedged`: what is published is said to be sent, and is lost. */
  store: 'alive' | 'dead' | 'wedged' = 'alive'
}
