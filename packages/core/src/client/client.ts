import type { Client } from './api.js'
import { createBareClient } from './bare.js'
import { consume } from './consume.js'
import { explain } from './explain.js'
import { failback } from './failback.js'
import type { ClientOptions } from './options.js'
import { publish, send } from './publish.js'
import { remove } from './remove.js'
import { request } from './request.js'
import { reroute } from './reroute.js'
import { respond } from './respond.js'
import { status } from './status.js'
import { subscribe } from './subscribe.js'
import { resume, suspend } from './suspend.js'
import { table } from './table.js'
import { withVerbs } from './verbs.js'
import { watch } from './watch.js'

const ALL = {
  publish,
  remove,
  send,
  request,
  subscribe,
  consume,
  respond,
  table,
  status,
  watch,
  explain,
  failback,
  reroute,
  suspend,
  resume,
}

/**
 * One typed client over all sites, with every verb as a method. Dials the sites at once, in the background; operations wait
 * for a link within their timeout. Throws `invalid` for options that cannot work, naming their path.
 */
export function createClient<const Site extends string>(options: ClientOptions<Site>): Client<Site> {
  return withVerbs(createBareClient(options), ALL)
}
