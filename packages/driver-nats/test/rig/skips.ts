import type { Skips } from '@spanwire/testkit'

const alone = 'one server has no other that could lead: shown on the cluster'

export const skips: { readonly single: Skips } = {
  single: {
    S4: alone,
    'R10/source hung': alone,
    'H2/leader lost': alone,
  },
}
