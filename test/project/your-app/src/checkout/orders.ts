import { Injectable } from '@nestjs/common';

export interface Order {
  readonly id: string;
  readonly cents: number;
  readonly card: object;
}

@Injectable()
export class Orders {
  readonly unclear = new Set<string>();

  async markUnclear(id: string): Promise<void> {
    this.unclear.add(await Promise.resolve(id));
  }
}
