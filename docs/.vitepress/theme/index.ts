// VitePress' own theme without its web fonts: letters are the system's.
import theme from "vitepress/theme-without-fonts";
// oxlint-disable-next-line import/no-unassigned-import -- styles have no name
import "./style.css";

export default theme;
