import { render } from 'preact';
import { loadSample } from './api/sample.js';
import { followBalance } from './session/balance-stream.js';
import { startListening } from './live/live-state.js';
import { followTheme } from './live/palette.js';
import { Page } from './page.js';
import { discoverWallets } from './wallets/wallet-offers.js';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/controls.css';
import './styles/panels.css';
import './styles/live.css';

const root = document.getElementById('page');
if (root) {
  followTheme();
  discoverWallets();
  render(<Page />, root);
  startListening();
  followBalance();
  void loadSample();
}
