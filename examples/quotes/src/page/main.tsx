import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.js'
import { followPicture } from './picture.js'
import './styles/base.css'
import './styles/layout.css'
import './styles/sites.css'
import './styles/board.css'
import './styles/proof.css'
import './styles/desk.css'

const place = document.getElementById('root')
if (!place) throw new Error('index.html has no #root')
followPicture()
createRoot(place).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
