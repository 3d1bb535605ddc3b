/** An instrument of OpenTelemetry. The page of the docs about metrics is generated from these tables. */
export interface Instrument {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly description: string;
  /** Seconds. */
  readonly unit?: 's';
  /** The values of each attribute, or a text that describes them. */
  readonly attributes: Readonly<Record<string, readonly string[] | string>>;
}

/** The attributes that an instrument reports. */
export type AttributesOf<One extends Instrument> = {
  -readonly [Name in keyof One['attributes']]: One['attributes'][Name] extends readonly (infer Value)[]
    ? Value
    : string;
};
