import type { JSX } from 'preact';
import type { EmulatorChange, EmulatorSettings } from '../../../backend/demo-api.js';
import { Choices } from '../ui/controls.js';
import {
  CHECKOUT_CONDITIONS,
  CLOCKS,
  CONDITIONS,
  LIFETIMES,
  changeEmulator,
  type Choice,
} from './emulator-settings.js';

export function EmulatorSettingsView({ settings }: { readonly settings: EmulatorSettings }): JSX.Element {
  return (
    <div class="emulator-settings">
      <Setting
        legend="Coinflow"
        choices={CONDITIONS}
        chosen={settings.condition}
        change={(condition) => ({ condition })}
      />
      <Setting
        legend="Checkout"
        choices={CHECKOUT_CONDITIONS}
        chosen={settings.checkout}
        change={(checkout) => ({ checkout })}
      />
      <Setting
        legend="Key lifetime"
        choices={LIFETIMES}
        chosen={settings.lifetimeSeconds}
        change={(lifetimeSeconds) => ({ lifetimeSeconds })}
      />
      <Setting
        legend="Coinflow’s clock"
        choices={CLOCKS}
        chosen={settings.clockOffsetMs}
        change={(clockOffsetMs) => ({ clockOffsetMs })}
      />
    </div>
  );
}

interface SettingProps<Value> {
  readonly legend: string;
  readonly choices: readonly Choice<Value>[];
  readonly chosen: Value;
  readonly change: (value: Value) => EmulatorChange;
}

function Setting<Value>({ legend, choices, chosen, change }: SettingProps<Value>): JSX.Element {
  const aboutOf = (wanted: Value): string => choices.find(({ value }) => value === wanted)?.about ?? '';
  return (
    <Choices
      legend={legend}
      options={choices}
      chosen={chosen}
      about={aboutOf(chosen)}
      onChoose={(value) => void changeEmulator(change(value), aboutOf(value))}
    />
  );
}
