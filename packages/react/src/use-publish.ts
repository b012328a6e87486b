import type { InputOf, PublishOptions, Queue, SendOptions, Sent, Topic, WithParams } from '@spanwire/core'
import { useMemo } from 'react'
import { useStore } from './provider.js'

/** `client.publish` for this topic: the same function at every render, drawing nothing. Rejects as it does. */
export function usePublish<C extends Topic>(
  topic: C,
): (value: InputOf<C>, ...rest: WithParams<C, PublishOptions>) => Promise<Sent> {
  const store = useStore()
  return useMemo(
    () =>
      async (value, ...rest) =>
        store.client().publish(topic, value, ...rest),
    [store, topic],
  )
}

/** `client.send` for this queue: the same function at every render, drawing nothing. Rejects as it does. */
export function useSend<C extends Queue>(
  queue: C,
): (value: InputOf<C>, ...rest: WithParams<C, SendOptions>) => Promise<Sent> {
  const store = useStore()
  return useMemo(
    () =>
      async (value, ...rest) =>
        store.client().send(queue, value, ...rest),
    [store, queue],
  )
}
