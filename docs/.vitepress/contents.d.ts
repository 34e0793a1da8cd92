/** A heading of the side bar and its pages, as paths of files from the repository's top. */
export interface Section {
    readonly text: string;
    readonly files: readonly string[];
    /** The folder of the site whose pages alone have this section at their side. */
    readonly only?: string;
}
/** The sections with the pages that there are. */
export declare function contents(): Section[];
interface Group {
    readonly text: string;
    readonly items: {
        readonly text: string;
        readonly link: string;
    }[];
}
/** The side bars in VitePress' words, by folder of the site: the long lists stand beside their own pages alone. */
export declare function sidebar(): Record<string, Group[]>;
/** A page's first heading, without marks. Throws where there is none. */
export declare function titleOf(file: string): string;
export {};
