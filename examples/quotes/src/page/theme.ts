import { useEffect, useState } from 'react'

export type Theme = 'light' | 'dark'

const DARK = '(prefers-color-scheme: dark)'
const KEY = 'theme'

/** The system's theme until somebody chooses one, which is remembered. */
export function useTheme(): readonly [Theme, () => void] {
  const [chosen, setChosen] = useState(() => stored())
  const [system, setSystem] = useState<Theme>(() => (matchMedia(DARK).matches ? 'dark' : 'light'))
  useEffect(() => {
    const query = matchMedia(DARK)
    const follow = (): void => setSystem(query.matches ? 'dark' : 'light')
    query.addEventListener('change', follow)
    return () => query.removeEventListener('change', follow)
  }, [])
  const theme = chosen ?? system
  useEffect(() => {
    document.documentElement.dataset['theme'] = theme
  }, [theme])
  const toggle = (): void => {
    const next = theme === 'dark' ? 'light' : 'dark'
    localStorage.setItem(KEY, next)
    setChosen(next)
  }
  return [theme, toggle]
}

function stored(): Theme | undefined {
  const value = localStorage.getItem(KEY)
  return value === 'light' || value === 'dark' ? value : undefined
}
