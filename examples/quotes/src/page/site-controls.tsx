import type { ReactNode } from 'react'
import type { Action, EngineAction, EnginePicture, SitePicture } from '../picture.js'
import type { SiteName } from '../routes.js'
import { called } from './format.js'
import { act, actOnEngine } from './picture.js'

const WORDS = { kill: 'Kill', hang: 'Hang', cut: 'Cut', heal: 'Heal', restart: 'Restart' } as const satisfies Record<
  Action,
  string
>

const MEANINGS = {
  kill: 'SIGKILL: gone from one moment to the next',
  hang: 'SIGSTOP: its connections stay open, and nothing is answered',
  cut: 'The network drops what it says; what is said to it arrives',
  heal: 'As if nothing had been: it goes on where it stood',
  restart: 'Started again at the same address',
} as const satisfies Record<Action, string>

/** What can be done to a site as it is now. */
export function SiteControls({ site }: { readonly site: SitePicture }): ReactNode {
  const { name } = site
  return <Buttons of={called(name)} actions={actionsOf(site)} onPress={(action) => void act(name, action)} />
}

/** The server behind a site's gateway, and what can be done to it alone. */
export function EngineControls(props: { readonly name: SiteName; readonly engine: EnginePicture }): ReactNode {
  const { engine, name } = props
  const { endpoint, isDouble, kind, pid, state } = engine
  const server = isDouble ? `${NAMES[kind]} double` : `${NAMES[kind]} server`
  const what = `${called(name)} ${NAMES[kind]}`
  return (
    <div className="engine" data-state={state}>
      <p>
        <b>{server}</b>
        <small>{STATES[state]}</small>
      </p>
      <Buttons of={what} actions={ENGINE_ACTIONS[state]} onPress={(action) => void actOnEngine(name, action)} />
      <p className="hint process">
        {state === 'down' ? 'no process' : `pid ${pid}`} · {endpoint}
      </p>
    </div>
  )
}

function actionsOf({ network, state }: SitePicture): readonly Action[] {
  if (state === 'down') return ['restart']
  if (state === 'hung' || network === 'cut') return ['kill', 'heal']
  return ['kill', 'hang', 'cut']
}

const NAMES = { embedded: 'Embedded', nats: 'NATS', kubemq: 'KubeMQ', kafka: 'Kafka' } as const

const STATES = { running: 'answers', hung: 'hung', down: 'down, its store is kept' } as const

const ENGINE_ACTIONS: Readonly<Record<EnginePicture['state'], readonly EngineAction[]>> = {
  running: ['kill', 'hang'],
  hung: ['kill', 'heal'],
  down: ['restart'],
}

function Buttons<Name extends Action>(props: {
  readonly of: string
  readonly actions: readonly Name[]
  readonly onPress: (action: Name) => void
}): ReactNode {
  const { of, actions, onPress } = props
  return (
    <div className="buttons">
      {actions.map((action) => (
        <button
          key={action}
          type="button"
          className={action === 'kill' ? 'danger' : ''}
          title={MEANINGS[action]}
          onClick={() => onPress(action)}
        >
          {WORDS[action]}
          <span className="unseen"> {of}</span>
        </button>
      ))}
    </div>
  )
}
