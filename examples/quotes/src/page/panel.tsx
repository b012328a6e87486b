import { type ReactNode, useId } from 'react'

/** A part of the page with a heading that names it. */
export function Panel(props: {
  readonly title: string
  readonly hint?: string
  readonly className: string
  readonly aside?: ReactNode
  readonly children: ReactNode
}): ReactNode {
  const { title, hint, className, aside, children } = props
  const id = useId()
  return (
    <section className={`panel ${className}`} aria-labelledby={id}>
      <header className="panel-head">
        <div>
          <h2 id={id}>{title}</h2>
          {hint && <p className="hint">{hint}</p>}
        </div>
        {aside}
      </header>
      {children}
    </section>
  )
}
