import { Command, Option } from 'commander'
import { dev } from './dev.js'
import { explain, status } from './inspect.js'
import { consume, peek, send } from './queue.js'
import { request, respond } from './request.js'
import { pub, sub } from './topic.js'
import { addVerify } from './verify/commands.js'

const config = (): Option =>
  new Option('-c, --config <file>', 'configuration file').default(undefined, 'spanwire.config.json, .yaml or .yml here')
const timeout = (): Option => new Option('-t, --timeout <duration>', 'how long it may take, e.g. 500ms, 5s')
const params = (): Option =>
  new Option('-p, --param <name=value...>', 'a parameter of the channel, when the value does not carry it')

/** The `spanwire` command. */
export function program(): Command {
  const spanwire = new Command('spanwire')
    .description('Publish, subscribe, queue and ask over several sites; run an embedded site.')
    .showHelpAfterError('(--help says what there is)')
  addDev(spanwire)
  addTopic(spanwire)
  addRpc(spanwire)
  addQueue(spanwire)
  addInspect(spanwire)
  addVerify(spanwire)
  return spanwire
}

function addDev(spanwire: Command): void {
  spanwire
    .command('dev')
    .description('an embedded site: a memory engine behind a gateway, for development and demos')
    .option('--port <port>', 'port of the gateway; 0: any free one', '4100')
    .option('--host <host>', 'address to listen at', '127.0.0.1')
    .option('--name <name>', 'name of the site', 'dev')
    .option('--origin <origin...>', 'pages that may connect, e.g. http://127.0.0.1:5173; default: none, services only')
    .addOption(new Option('-c, --config <file>', 'serve the sites of this configuration instead of an embedded engine'))
    .addHelpText(
      'after',
      '\nConnect with driver websocket and endpoint ws://HOST:PORT. Everybody may do everything: not for production.',
    )
    .action(dev)
}

function addTopic(spanwire: Command): void {
  spanwire
    .command('pub')
    .description('publish a JSON value to a topic')
    .argument('<channel>', 'name under `channels` in the configuration')
    .argument('[value]', 'the value; without it, one value per line of stdin')
    .addOption(config())
    .addOption(params())
    .addOption(timeout())
    .action(pub)
  spanwire
    .command('sub')
    .description('print what is published, a JSON line each')
    .argument('<channel>', 'name under `channels` in the configuration')
    .addOption(config())
    .addOption(params())
    .addOption(new Option('--from <start>', 'now, beginning, latest, or a time').default('now'))
    .addOption(new Option('-n, --count <n>', 'end after so many').argParser(Number))
    .option('--group <name>', 'share the messages with the others of this group')
    .action(sub)
}

function addRpc(spanwire: Command): void {
  spanwire
    .command('request')
    .description('ask, and print the answer')
    .argument('<channel>', 'name under `channels` in the configuration')
    .argument('<query>', 'JSON')
    .addOption(config())
    .addOption(params())
    .addOption(timeout())
    .action(request)
  spanwire
    .command('respond')
    .description('answer every request with one JSON value, and print the requests')
    .argument('<channel>', 'name under `channels` in the configuration')
    .argument('<answer>', 'JSON')
    .addOption(config())
    .action(respond)
}

function addQueue(spanwire: Command): void {
  const queue = spanwire.command('queue').description('send jobs, work on them, look at what waits')
  queue
    .command('send')
    .description('send a job')
    .argument('<channel>', 'name under `channels` in the configuration')
    .argument('<value>', 'JSON')
    .addOption(config())
    .addOption(params())
    .addOption(timeout())
    .option('--delay <duration>', 'not before this has passed')
    .action(send)
  queue
    .command('consume')
    .description('print jobs and acknowledge them')
    .argument('<channel>', 'name under `channels` in the configuration')
    .addOption(config())
    .addOption(new Option('-n, --count <n>', 'end after so many').argParser(Number))
    .action(consume)
  queue
    .command('peek')
    .description('print the first jobs and give them back')
    .argument('<channel>', 'name under `channels` in the configuration')
    .addOption(config())
    .addOption(new Option('-n, --count <n>', 'how many').argParser(Number).default(10))
    .action(peek)
}

function addInspect(spanwire: Command): void {
  spanwire
    .command('status')
    .description('dial every site of the configuration and say how it is')
    .addOption(config())
    .addOption(timeout())
    .option('--json', 'as JSON')
    .action(status)
  spanwire
    .command('explain')
    .description('which site an operation would go to, and why not to the others')
    .argument('<operation>', 'publish, send, request, subscribe, consume or respond')
    .argument('<channel>', 'name under `channels` in the configuration')
    .addOption(config())
    .addOption(params())
    .option('--key <key>', 'ordering key')
    .option('--json', 'as JSON')
    .action(explain)
}
