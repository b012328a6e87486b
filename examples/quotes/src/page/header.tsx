import type { ReactNode } from 'react'
import type { Picture } from '../picture.js'
import { date, session } from './format.js'
import { useLedger } from './ledger-context.js'
import { useTheme } from './theme.js'

export function Header({ picture }: { readonly picture: Picture }): ReactNode {
  const ledger = useLedger()
  const [theme, toggle] = useTheme()
  const day = ledger.day || picture.day?.day
  const done = Math.round(((ledger.sessionTime - 34_200) / 23_400) * 100)
  return (
    <header className="top">
      <div className="brand">
        <svg viewBox="0 0 34 20" width="34" height="20" aria-hidden="true">
          <path d="M4 13 C 11 2, 23 2, 30 13" fill="none" stroke="currentColor" strokeWidth="2" />
          <circle cx="4" cy="14" r="4" fill="var(--frankfurt)" />
          <circle cx="30" cy="14" r="4" fill="var(--dublin)" />
        </svg>
        <h1>
          Spanwire <span>Live quotes</span>
        </h1>
      </div>
      {day && (
        <div className="session">
          <p>
            <strong>{date(day)}</strong>
            <time>{session(ledger.sessionTime)} New York</time>
          </p>
          <div
            className="progress"
            role="progressbar"
            aria-label="Trading day"
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={done}
          >
            <i style={{ inlineSize: `${done}%` }} />
          </div>
        </div>
      )}
      <button type="button" className="quiet" onClick={toggle}>
        {theme === 'dark' ? 'Light' : 'Dark'}
        <span className="unseen"> theme</span>
      </button>
    </header>
  )
}
