import { type Command, InvalidArgumentError, Option } from 'commander'
import { consume } from './consumer.js'
import { produce } from './producer.js'
import { ask } from './requester.js'
import { answer } from './responder.js'

/** More lanes than this a contract forgets. */
const MAX_KEYS = 100_000
/** Each is a client with links of its own. */
const MAX_PUBLISHERS = 256
const MAX_MS = 2 ** 31 - 1

const LINES = `
Prints one JSON object a line on stdout; logs go to stderr. The fields are in docs/verify.md.
SIGTERM drains, prints shutdown_complete and exits with 0; a second one exits at once with 1.
Exits with 1 too when an option, the configuration or the channel is wrong.`

/** The commands that let others judge what arrives. */
export function addVerify(spanwire: Command): void {
  addProducer(spanwire)
  addConsumer(spanwire)
  addRpc(spanwire)
}

function addProducer(spanwire: Command): void {
  verify(spanwire, 'verify-producer', 'send numbered messages and print how each ended', 'topic or queue')
    .addOption(number('--count <n>', 'messages in all; 0: until ended', 0, Number.MAX_SAFE_INTEGER).default(0))
    .addOption(rate('messages a second; 0: as fast as they are acknowledged'))
    .addOption(number('--keys <n>', 'keys k0, k1 ... in turn', 1, MAX_KEYS).default(1))
    .addOption(
      number('--publishers <n>', 'clients in turn, each with an identity of its own', 1, MAX_PUBLISHERS).default(1),
    )
    .addOption(number('--size <bytes>', 'fill the payload up to this size', 0, 1 << 30).default(0))
    .addOption(prefix())
    .addOption(timeout('how long a message may wait for its acknowledgement; default 30000'))
    .action(produce)
}

function addConsumer(spanwire: Command): void {
  verify(spanwire, 'verify-consumer', 'print what an application is given', 'topic or queue')
    .option('--group <name>', 'topics: share the messages with the others of this group')
    .option('--from <start>', 'topics: now, beginning, or a time (ISO or Unix ms); default now')
    .addOption(number('--idle <ms>', 'end when so long nothing came', 1, MAX_MS))
    .addOption(work('each message'))
    .addOption(number('--fail-every <n>', 'queues: every n-th delivery fails and is tried again', 1, MAX_MS))
    .action(consume)
}

function addRpc(spanwire: Command): void {
  verify(spanwire, 'verify-responder', 'answer requests and print which were run', 'rpc')
    .addOption(work('each request'))
    .action(answer)
  verify(spanwire, 'verify-requester', 'send numbered requests and print how each ended', 'rpc')
    .addOption(number('--count <n>', 'requests in all; 0: until ended', 0, Number.MAX_SAFE_INTEGER).default(0))
    .addOption(rate('requests a second; 0: as fast as they are answered'))
    .addOption(prefix())
    .addOption(timeout('how long a request may wait for its answer; default 5000'))
    .option('--not-idempotent', 'send each at most once, whatever the channel says')
    .action(ask)
}

function verify(spanwire: Command, name: string, description: string, kinds: string): Command {
  return spanwire
    .command(name)
    .description(description)
    .addOption(
      new Option('-c, --config <file>', 'configuration file').default(
        undefined,
        'spanwire.config.json, .yaml or .yml here',
      ),
    )
    .requiredOption('--channel <name>', `${kinds}: its name under \`channels\` in the configuration`)
    .addHelpText('after', LINES)
}

function rate(description: string): Option {
  return new Option('--rate <n>', description).argParser(parse(0, 1_000_000, Number.isFinite, 'a number')).default(0)
}

function prefix(): Option {
  return new Option('--prefix <text>', 'what ids begin with; default: another one each run')
}

function timeout(description: string): Option {
  return number('--timeout <ms>', description, 1, MAX_MS)
}

function work(what: string): Option {
  return number('--work <ms>', `how long ${what} takes`, 0, MAX_MS).default(0)
}

function number(flags: string, description: string, min: number, max: number): Option {
  return new Option(flags, description).argParser(parse(min, max, Number.isInteger, 'a whole number'))
}

function parse(min: number, max: number, fits: (value: number) => boolean, what: string): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (fits(value) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`It is ${what} from ${min} to ${max}.`)
  }
}
