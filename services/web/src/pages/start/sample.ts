/** The sample batch of the project, for somebody who has no sources at hand: loaded when it is asked for. */
import hospital from "../../../../../samples/files/hospital-registry.txt?raw";
import taxi from "../../../../../samples/files/taxi-federation.md?raw";
import topic from "../../../../../samples/topic.txt?raw";
import university from "../../../../../samples/university-assessment.txt?raw";
import city from "../../../../../samples/web/city/one-year-of-30.html?raw";
import courier from "../../../../../samples/web/courier/slower-safer-dearer.html?raw";
import transit from "../../../../../samples/web/transit/bus-timetables.html?raw";

export const SAMPLE_TOPIC = topic.trim();

export const SAMPLE_FILES: readonly File[] = [
  new File([city], "one-year-of-30.html", { type: "text/html" }),
  new File([university], "university-assessment.txt", { type: "text/plain" }),
  new File([courier], "slower-safer-dearer.html", { type: "text/html" }),
  new File([transit], "bus-timetables.html", { type: "text/html" }),
  new File([hospital], "hospital-registry.txt", { type: "text/plain" }),
  new File([taxi], "taxi-federation.md", { type: "text/markdown" }),
];
