import { useFailover } from '@spanwire/react'
import { type ReactNode, useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { called, money, session } from './format.js'
import type { Ledger } from './ledger.js'
import { useLedger } from './ledger-context.js'
import { Panel } from './panel.js'

/** The day of one symbol, with a line where a site was lost or came back. */
export function Chart({ symbol }: { readonly symbol: string }): ReactNode {
  const ledger = useLedger()
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const bar = ledger.tally(symbol)?.bar
  useFailover(
    (event) => {
      if (event.type !== 'site') return
      if (event.to === 'up') ledger.mark(`${called(event.site)} back`)
      else if (event.from === 'up') ledger.mark(`${called(event.site)} lost`)
    },
    { limit: 0 },
  )
  useEffect(() => {
    const host = place.current
    if (!host) return
    const made = new uPlot(optionsFor(host, ledger), [[], []], host)
    plot.current = made
    const resize = new ResizeObserver(() => made.setSize(sizeOf(host)))
    resize.observe(host)
    // Colours are read while drawing.
    const theme = new MutationObserver(() => made.redraw(false))
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
    return () => {
      theme.disconnect()
      resize.disconnect()
      made.destroy()
    }
  }, [ledger])
  const { version } = ledger
  // biome-ignore lint/correctness/useExhaustiveDependencies: the ledger is one object; its version says that the series grew.
  useEffect(() => {
    const { times, prices } = ledger.series(symbol)
    plot.current?.setData([times, prices])
  }, [ledger, symbol, version])
  const text = bar ? `${money(bar.close)}, between ${money(bar.low)} and ${money(bar.high)} so far` : 'no ticks yet'
  return (
    <Panel className="chart" title={`${symbol} today`} hint={`${called(symbol)}: every tick of the session.`}>
      <div ref={place} className="plot" role="img" aria-label={`${called(symbol)}: ${text}`} />
    </Panel>
  )
}

const sizeOf = ({ clientWidth, clientHeight }: HTMLElement) => ({ width: clientWidth, height: clientHeight })

function optionsFor(host: HTMLElement, ledger: Ledger): uPlot.Options {
  const color = (name: string) => () => getComputedStyle(host).getPropertyValue(name).trim()
  const axis = {
    stroke: color('--soft'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
  }
  return {
    ...sizeOf(host),
    padding: [14, 22, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false, range: [34_200, 57_600] }, y: { range: (_, low, high) => around(low, high) } },
    axes: [
      {
        ...axis,
        space: 70,
        splits: () => [36_000, 41_400, 46_800, 52_200, 57_600],
        values: (_, at) => at.map(session),
      },
      { ...axis, size: 56, values: (_, at) => at.map((price) => price.toFixed(2)) },
    ],
    series: [{}, { stroke: color('--ink'), width: 1.4, points: { show: false }, fill: color('--wash') }],
    hooks: { draw: [(made) => drawMarks(made, ledger, { line: color('--soft')(), ground: color('--panel')() })] },
  }
}

/** With some air, and never less than two percent, or the first minutes would look wild. */
function around(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1]
  const air = Math.max((high - low) * 0.08, (low * 0.02 - (high - low)) / 2)
  return [low - air, high + air]
}

interface Colors {
  readonly line: string
  readonly ground: string
}

/** Neighbouring texts must not lie on each other, so they take turns in height. */
function drawMarks({ ctx, bbox, valToPos }: uPlot, { marks }: Ledger, color: Colors): void {
  const ratio = devicePixelRatio
  ctx.save()
  ctx.fillStyle = color.line
  ctx.font = `${11 * ratio}px system-ui, sans-serif`
  marks.forEach(({ time, text }, at) => {
    const x = Math.round(valToPos(time, 'x', true))
    const right = x > bbox.left + bbox.width * 0.75
    ctx.textAlign = right ? 'right' : 'left'
    ctx.strokeStyle = color.line
    ctx.lineWidth = ratio
    ctx.setLineDash([3 * ratio, 3 * ratio])
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    const place = [x + (right ? -5 : 5) * ratio, bbox.top + (10 + (at % 4) * 14) * ratio] as const
    // A rim in the colour of the ground keeps the text readable where the price runs through it.
    ctx.strokeStyle = color.ground
    ctx.lineWidth = 4 * ratio
    ctx.setLineDash([])
    ctx.strokeText(text, ...place)
    ctx.fillText(text, ...place)
  })
  ctx.restore()
}
