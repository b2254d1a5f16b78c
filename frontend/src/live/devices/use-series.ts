// The points of one chart: watched live from the first moment, with history fetched once under them.

import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";

import { fetchPoints } from "../../api/readings";
import { useHoles, useLiveStore } from "../hooks";
import { Series } from "../series";

export function useSeries(device: string, metric: string, windowS: number): { series: Series; isLoading: boolean; isFailed: boolean } {
  const store = useLiveStore();
  const holes = useHoles();
  const series = useMemo(() => new Series(device, metric), [device, metric]);
  useEffect(() => store.series.watch(series), [store, series]);
  const query = useQuery({
    queryKey: ["points", device, metric, windowS, holes],
    queryFn: ({ signal }) => fetchPoints(device, metric, Date.now() + store.clockOffsetMs - windowS * 1000, signal),
    staleTime: Infinity,
    gcTime: 0,
  });
  useEffect(() => {
    if (query.data) series.addHistory(query.data);
  }, [query.data, series]);
  return { series, isLoading: query.isPending, isFailed: query.isError };
}
