// VitePress' own theme without its web fonts: letters are the system's.
import theme from "vitepress/theme-without-fonts";
import "./style.css";

export default theme;
