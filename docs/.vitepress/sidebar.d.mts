interface SidebarItem {
  readonly text: string;
  readonly link: string;
}

/** Every page of the documentation but the home page. */
export declare const groups: readonly { readonly text: string; readonly items: readonly SidebarItem[] }[];
