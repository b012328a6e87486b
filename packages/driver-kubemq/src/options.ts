import { assertOptions, type OptionForms, text, texts } from '@spanwire/driver/kit'

/** What the driver can be told beyond endpoints and credentials. */
export interface KubemqOptions {
  /** Names of rpc channels that are commands at KubeMQ: what answers them has no body, only success or an error text. Others are queries. */
  readonly commands?: readonly string[]
  /** The group in which responders share. Responders of other groups get each request as well. Default `responders`. */
  readonly responders?: string
}

export type Settings = Required<KubemqOptions>

const FORMS: OptionForms<keyof KubemqOptions> = { commands: texts, responders: text }

/** Throws `invalid` for options that are unknown or wrong. */
export function settingsOf(options: KubemqOptions): Settings {
  assertOptions(options, FORMS)
  return { commands: [], responders: 'responders', ...options }
}
