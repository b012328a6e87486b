import type { Skips } from '@spanwire/testkit'

const alone = 'one broker has no other that could lead: shown on the cluster'
const redials = 'the client of Kafka dials its brokers again by itself: a broken connection ends no link'

const both: Skips = {
  'E1/cut': redials,
  'S5/cut': redials,
  'E1/garbage': redials,
  'E1/expired credentials': 'brokers do not end connections whose credentials expire unless they are told to',
  H3: 'a broker that shuts down hands its partitions over and tells nobody: there is no notice to clients',
  O2: 'brokers refuse settings that they do not know, and drop none without a word',
  'R11/revoked': 'ACLs would be needed for everything else: shown beside the suite',
  'C3/refused': 'shown beside the suite',
  C4: 'shown beside the suite',
}

export const skips: { readonly single: Skips; readonly cluster: Skips } = {
  single: { ...both, S4: alone, 'R10/source hung': alone, 'H2/leader lost': alone },
  cluster: {
    ...both,
    S4: 'every broker leads partitions of every topic: what becomes of a single leader is shown beside the suite',
    'R10/source hung': 'every broker leads partitions of every topic: shown beside the suite',
    'H2/leader lost': 'every broker leads partitions of every topic: shown beside the suite',
  },
}
