import {
  type InputOf,
  type PublishOptions,
  publish,
  type Queue,
  type SendOptions,
  type Sent,
  send,
  type Topic,
  type WithParams,
} from '@spanwire/core'
import { useMemo } from 'react'
import { useStore } from './provider.js'

/** `publish` for this topic: the same function at every render, drawing nothing. Rejects as it does. */
export function usePublish<C extends Topic>(
  topic: C,
): (value: InputOf<C>, ...rest: WithParams<C, PublishOptions>) => Promise<Sent> {
  const store = useStore()
  return useMemo(
    () =>
      async (value, ...rest) =>
        publish(store.client(), topic, value, ...rest),
    [store, topic],
  )
}

/** `send` for this queue: the same function at every render, drawing nothing. Rejects as it does. */
export function useSend<C extends Queue>(
  queue: C,
): (value: InputOf<C>, ...rest: WithParams<C, SendOptions>) => Promise<Sent> {
  const store = useStore()
  return useMemo(
    () =>
      async (value, ...rest) =>
        send(store.client(), queue, value, ...rest),
    [store, queue],
  )
}
