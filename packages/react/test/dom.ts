import { JSDOM } from 'jsdom'

/** A browser's globals, before anything of React DOM is loaded. Frames come every 16 ms of whatever clock is in force. */
const { window } = new JSDOM('<!doctype html>', { url: 'http://127.0.0.1/' })

const globals = {
  window,
  document: window.document,
  navigator: window.navigator,
  addEventListener: window.addEventListener.bind(window),
  removeEventListener: window.removeEventListener.bind(window),
  requestAnimationFrame: (run: (now: number) => void) => setTimeout(() => run(performance.now()), 16),
  cancelAnimationFrame: (handle: NodeJS.Timeout) => clearTimeout(handle),
  IS_REACT_ACT_ENVIRONMENT: true,
}
for (const [name, value] of Object.entries(globals))
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
