import { render } from 'preact';
import { loadSample } from './api/sample.js';
import { startListening } from './live/live.js';
import { followTheme } from './live/palette.js';
import { Page } from './page.js';
import { lookForWallets } from './wallets/offers.js';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/controls.css';
import './styles/panels.css';
import './styles/live.css';

const root = document.getElementById('page');
if (root) {
  followTheme();
  lookForWallets();
  render(<Page />, root);
  startListening();
  void loadSample();
}
