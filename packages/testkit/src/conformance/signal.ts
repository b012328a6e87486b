/** An abort signal that counts who still listens to it. */
export interface CountedSignal {
  readonly signal: AbortSignal
  abort(): void
  /** Listeners that were added and neither removed nor, being `once`, fired. */
  listeners(): number
}

export function newSignal(): CountedSignal {
  const controller = new AbortController()
  const { signal } = controller
  const lasting = new Map<unknown, 'once' | 'stays'>()
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (type: string, listener: EventListener, options?: AddEventListenerOptions | boolean) => {
    lasting.set(listener, typeof options === 'object' && options.once === true ? 'once' : 'stays')
    addEventListener.call(signal, type, listener, options)
  }
  signal.removeEventListener = (type: string, listener: EventListener, options?: EventListenerOptions | boolean) => {
    lasting.delete(listener)
    removeEventListener.call(signal, type, listener, options)
  }
  return {
    signal,
    listeners: () => [...lasting.values()].filter((one) => one === 'stays' || !signal.aborted).length,
    abort: () => controller.abort(),
  }
}
