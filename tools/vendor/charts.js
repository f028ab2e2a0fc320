// The charts of the desk: of ECharts only what its pages draw, on a canvas.
export { init, use } from "echarts/core"
import { use } from "echarts/core"
import { BarChart, HeatmapChart, LineChart, PieChart } from "echarts/charts"
import { AriaComponent, DatasetComponent, GridComponent, LegendComponent, MarkLineComponent, TitleComponent, TooltipComponent, VisualMapComponent } from "echarts/components"
import { CanvasRenderer } from "echarts/renderers"

use([BarChart, HeatmapChart, LineChart, PieChart, AriaComponent, DatasetComponent, GridComponent, LegendComponent, MarkLineComponent, TitleComponent, TooltipComponent, VisualMapComponent, CanvasRenderer])
