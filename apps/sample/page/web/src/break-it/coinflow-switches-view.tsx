import type { JSX } from 'preact';
import type { DemoCoinflow, DemoCoinflowChange } from '../../../backend/demo-api.js';
import { Choices } from '../../../../web/src/ui/choices.js';
import { CLOCKS, CONDITIONS, LIFETIMES, setCoinflow, type Choice } from './coinflow-switches.js';

/** The screws of the emulator, as far as a page needs them. */
export function CoinflowSwitches({ settings }: { readonly settings: DemoCoinflow }): JSX.Element {
  return (
    <div class="coinflow-switches">
      <Switches
        legend="Coinflow is"
        choices={CONDITIONS}
        chosen={settings.condition}
        change={(condition) => ({ condition })}
      />
      <Switches
        legend="Its keys live"
        choices={LIFETIMES}
        chosen={settings.lifetimeSeconds}
        change={(lifetimeSeconds) => ({ lifetimeSeconds })}
      />
      <Switches
        legend="Its clock is"
        choices={CLOCKS}
        chosen={settings.clockOffsetMs}
        change={(clockOffsetMs) => ({ clockOffsetMs })}
      />
    </div>
  );
}

interface SwitchesProps<Value> {
  readonly legend: string;
  readonly choices: readonly Choice<Value>[];
  readonly chosen: Value;
  readonly change: (value: Value) => DemoCoinflowChange;
}

function Switches<Value>({ legend, choices, chosen, change }: SwitchesProps<Value>): JSX.Element {
  const textOf = (wanted: Value): string => choices.find(({ value }) => value === wanted)?.about ?? '';
  return (
    <Choices
      legend={legend}
      options={choices}
      chosen={chosen}
      about={textOf(chosen)}
      onChoose={(value) => void setCoinflow(change(value), textOf(value))}
    />
  );
}
