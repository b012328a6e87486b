export { type BrowserClientOptions, type BrowserSite, createBrowserClient } from './client.js'
export type { Page } from './page.js'
